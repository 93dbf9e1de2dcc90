--- A review by the agents that the settings name.
local T = ...
T.open('src/main.rs')
T.pick('Review this file')
return T.findings(1)
