package account

var serviceFunctions = []Function{}
