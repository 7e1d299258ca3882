-- ARGV: now, poll, feed, retention_s, tally_ms. Answers in how many ms to ask again; 0 when the tally shows every vote.

local now, poll = tonumber(ARGV[1]), ARGV[2]
local meta = Meta.read()
local register = meta and read_poll(poll)
if not register then return 0 end
local due = publish(meta, poll, register, now, ARGV[3], tonumber(ARGV[5]))
Meta.save(meta, now, ARGV[4])
return due
