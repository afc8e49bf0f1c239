package account

var computeTypes = []Type{}
