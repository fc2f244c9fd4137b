-- Creates, updates or renames a record, all of it or nothing.
--
-- KEYS  1 to · 2 from (to again, for a creation) · 3 index of its owner, if it is to be kept here · 4.. the owner's other records
-- ARGV  1 verb · 2 now · 3 record · 4 lifetime in milliseconds · 5 expected write id · 6 deadline · 7 up to when index entries are dead
--       8 limit, 0 for none · 9 policy · 10 member of to · 11 member of from · 12 owner · 13.. members of KEYS 4..
--
-- Answers {'applied', former owner, handles of the evicted}, {'conflict'}, {'missing'}, {'refused'}, {'corrupt'}, or
-- {'undeclared', members}: these are to be declared, too.

local verb, now = ARGV[1], tonumber(ARGV[2])
local to, from, index = KEYS[1], KEYS[2], KEYS[3]

local replaced
if verb ~= 'create' then
  replaced = living(from, now)
  if replaced == false then return {'corrupt'} end
  if not replaced then return {'missing'} end
  if replaced:sub(WRITE_ID, WRITE_ID + 15) ~= ARGV[5] then return {'conflict'} end
end
if verb ~= 'update' then
  local taken = living(to, now)
  if taken == false then return {'corrupt'} end
  if taken then return {'conflict'} end
end

local victims, stale = {}, {}
local limit = tonumber(ARGV[8])
if index and limit > 0 then
  local declared, undeclared, rivals = {}, {}, {}
  for i = 4, #KEYS do declared[ARGV[9 + i]] = KEYS[i] end
  for place, member in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    local key = declared[member]
    if member == ARGV[10] or member == ARGV[11] then
      -- What is written, and what it replaces, is no rival.
    elseif not key then
      undeclared[#undeclared + 1] = member
    else
      local head = living(key, now)
      if head and owner_of(key, head) == ARGV[12] then
        rivals[#rivals + 1] = {
          seen = number(head, LAST_SEEN), place = place, key = key, member = member,
          handle = head:sub(HANDLE, HANDLE + 15),
        }
      else
        stale[#stale + 1] = member
      end
    end
  end
  if #undeclared > 0 then return {'undeclared', undeclared} end
  local excess = #rivals + 1 - limit
  if excess > 0 and ARGV[9] == 'refuse' then return {'refused'} end
  table.sort(rivals, function(a, b)
    if a.seen ~= b.seen then return a.seen < b.seen end
    return a.place < b.place
  end)
  for i = 1, excess do victims[i] = rivals[i] end
end

local former = replaced and owner_of(from, replaced) or false
local evicted = {}
for i, victim in ipairs(victims) do
  redis.call('DEL', victim.key)
  redis.call('ZREM', index, victim.member)
  evicted[i] = victim.handle
end
for _, member in ipairs(stale) do redis.call('ZREM', index, member) end
if verb == 'rename' then
  redis.call('DEL', from)
  if index then redis.call('ZREM', index, ARGV[11]) end
end
redis.call('SET', to, ARGV[3], 'PX', ARGV[4])
if index then enlist(index, ARGV[10], ARGV[6], ARGV[7], ARGV[4]) end
return {'applied', former, evicted}
