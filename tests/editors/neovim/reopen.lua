--- What is there when a reviewed file is opened again.
local T = ...
T.open('src/main.rs')
local found = T.findings(1)
T.go(1)
return { found = found, runs = #T.progress, hover = T.hover() }
