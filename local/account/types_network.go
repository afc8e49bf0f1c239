package account

var networkTypes = []Type{}
