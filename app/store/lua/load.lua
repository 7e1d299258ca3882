-- Answers {} for an unknown lesson, else {run id, position, number, unpublished, key, register, key, register, ...}.

local meta = Meta.read()
if not meta then return {} end
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
-- Of a lesson of an older release, which does not count its polls, publish.lua finds out.
local unpublished = redis.call('HGET', META, 'polls') and math.max(0, redis.call('HLEN', DIRTY) - 1) or 1
return { run_id, meta.last, text(meta.number), unpublished, redis.call('HGETALL', STATE) }
