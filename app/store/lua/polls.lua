-- What a write does to polls: how many there are, whose votes go, and whose last tally is due. Prepended to write.lua and publish.lua.
--
-- meta's `polls` counts the polls that are there. A lesson of an older release has no such field, and marks polls with
-- unpublished votes in meta's `dirty:<poll>`: it is adopted when somebody needs to know.

local Polls = {}
local NOBODY = {}

local function there(register) return register and register.raw ~= 'null' and register or nil end

local function is_poll(key) return string.sub(key, 1, 5) == 'poll/' and #key > 5 end

-- How many polls there are. The lesson must exist.
function Polls.count(meta, now, retention_s)
  local polls = redis.call('HGET', META, 'polls')
  if polls then return tonumber(polls) end
  polls = 0
  flush()
  local state = redis.call('HGETALL', STATE)
  for i = 1, #state, 2 do
    local poll = is_poll(state[i]) and string.sub(state[i], 6)
    if poll and there(get(state[i])) then
      polls = polls + 1
      if redis.call('HGET', META, 'dirty:' .. poll) == '1' then leave_dirty(meta, poll) end
    end
    if poll then redis.call('HDEL', META, 'dirty:' .. poll) end
  end
  redis.call('HSET', META, 'polls', polls)
  save_meta(meta, now, retention_s)
  return polls
end

-- Whether the write makes a poll that was not there.
function Polls.adds(write) return is_poll(write.key) and write.raw ~= 'null' and not there(get(write.key)) end

-- Whether the write is of a poll that is there: closed, revealed and opened again it may be longer than it was.
function Polls.stands(write) return is_poll(write.key) and there(get(write.key)) end

-- The polls that a write changes or takes away, {key, what was there}. To be called before it is applied, which
-- adds those that a clear removes.
function Polls.named(write)
  if is_poll(write.key) then return { { write.key, there(get(write.key)) } } end
  if write.key ~= 'poll/' then return NOBODY end
  write.removed = {}
  return write.removed
end

-- A poll's votes go with it: its id may be used again, for another question. What each voter chose is not looked for,
-- which would take as long as there are voters; it belongs to a round that is over.
local function forget_votes(meta, poll, now, entry)
  redis.call('HDEL', DIRTY, poll)
  redis.call('HDEL', META, 'tally:' .. poll)
  if redis.call('HDEL', COUNTS, poll .. ':voters') == 1 then
    redis.call('HINCRBY', META, 'round:' .. poll, 1)
    for option = 0, OPTIONS_MAX - 1 do redis.call('HDEL', COUNTS, poll .. ':' .. text(option)) end
  end
  if not there(get('tally/' .. poll)) then return end
  take(entry, { key = 'tally/' .. poll, mark = 0, keep = '1', raw = 'null', stamp = issue_stamp(meta, nil, now) })
end

-- To be called once a write has been applied: the polls that it has changed, made or taken away are remembered.
function Polls.note(named, touched)
  for _, each in ipairs(named) do
    touched[#touched + 1] = { poll = string.sub(each[1], 6), before = each[2], after = there(get(each[1])) }
  end
end

-- Whether the last tally of the poll as it was is due: it takes no votes now, is revealed, or asks something else.
local function is_over(before, after)
  if after.poll.status ~= 'open' then return true end
  local poll = before and poll_of(before.raw)
  return poll and (after.poll.reveal == true and poll.reveal ~= true or #(poll.options) ~= options_of(after))
end

-- To be called once all writes have been applied. Every acknowledged vote is in the tally that goes out together with the
-- closing, the reveal or the lesson's end: no process has to live on for that.
function Polls.settle(meta, touched, ends, now, entry, retention_s)
  local more, seen = 0, {}
  for _, each in ipairs(touched) do
    if each.before and not each.after then
      more = more - 1
      forget_votes(meta, each.poll, now, entry)
    elseif each.after and not each.before then more = more + 1 end
  end
  for _, each in ipairs(touched) do
    local register = each.after and not seen[each.poll] and read_poll(each.poll)
    if register and is_over(each.before, register) then show_tally(meta, each.poll, register, now, entry) end
    seen[each.poll] = true
  end
  if more ~= 0 and redis.call('HGET', META, 'polls') then redis.call('HINCRBY', META, 'polls', more)
  elseif more ~= 0 or ends then Polls.count(meta, now, retention_s) end
  if ends then Polls.show_due(meta, 0, now, entry) end
end

-- Write the tallies that are due. Answers in how many ms the next one is, 0 when nothing is left.
function Polls.show_due(meta, tally_ms, now, entry)
  local dirty, next_ms = redis.call('HGETALL', DIRTY), 0
  for i = 1, #dirty, 2 do
    local poll = dirty[i]
    local register = poll ~= '' and read_poll(poll)
    local wait = register and due_in(poll, tally_ms)
    if register and wait > 0 then next_ms = next_ms == 0 and wait or math.min(next_ms, wait)
    elseif register then show_tally(meta, poll, register, now, entry)
    elseif poll ~= '' then redis.call('HDEL', DIRTY, poll) end
  end
  return next_ms
end
