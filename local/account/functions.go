package account

var accountFunctions = []Function{}
