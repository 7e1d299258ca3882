-- ARGV: a name for this life of the store, if it has none yet (`app/store/lives.py`).
-- Answers {run id, role, life} and, of a lesson that there is, position, number, unpublished, {key, register, ...}.

local info = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
local run_id, role = string.match(info, 'run_id:(%x+)'), string.match(info, 'role:(%a+)')
local life = redis.call('GET', 'lectern:life')
if not life and role == 'master' then
  life = ARGV[1]
  redis.call('SET', 'lectern:life', life)
end
life = life or ''

local meta = read_meta()
if not meta then return { run_id, role, life } end
-- Of a lesson of an older release, which does not count its polls, publish.lua finds out.
local unpublished = redis.call('HGET', META, 'polls') and math.max(0, redis.call('HLEN', DIRTY) - 1) or 1
return { run_id, role, life, meta.last, text(meta.number), unpublished, redis.call('HGETALL', STATE) }
