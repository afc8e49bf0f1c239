// made elsewhere
