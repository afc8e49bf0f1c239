package account

var fleetTypes = []Type{}
