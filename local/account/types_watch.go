package account

var watchTypes = []Type{}
