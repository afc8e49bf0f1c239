package account

var iamTypes = []Type{}
