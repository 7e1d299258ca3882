-- ARGV: now, feed, retention_s, tally_ms. Answers in how many ms to ask again; 0 when the tallies show every vote.

local now = tonumber(ARGV[1])
local meta = read_meta()
if not meta then return 0 end
Polls.count(meta, now, ARGV[3])
local before, entry = meta.last, new_entry(meta, now, ARGV[2])
local due = Polls.show_due(meta, tonumber(ARGV[4]), now, entry)
tell(entry)
if meta.last ~= before then save_meta(meta, now, ARGV[3]) end
return due
