package account

var firewallTypes = []Type{}
