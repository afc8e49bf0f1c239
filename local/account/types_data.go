package account

var dataTypes = []Type{}
