package account

var edgeTypes = []Type{}
