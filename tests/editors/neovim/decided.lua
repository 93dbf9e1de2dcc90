--- What is there after a restart; the proposal is applied, and the editor is left without saving.
local T = ...
local seen = {}

T.open_configured('src/main.rs')
seen.proposed = T.proposed(1)
seen.found = T.diagnostics(1, function(it) return it.code ~= 'proposal' end)
T.go(1)
seen.menu = T.pick('Apply')
T.proposed(0)
T.applications(1)
return seen
