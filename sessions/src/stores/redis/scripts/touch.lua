-- Moves the two times of a record forward.
--
-- KEYS  1 record · 2 index of its owner, if it is to be kept here
-- ARGV  1 now · 2 deadline · 3 lifetime in milliseconds · 4 last seen, as bytes · 5 deadline, as bytes · 6 up to when index entries are
--       dead · 7 member · 8 owner, if it is known
--
-- Answers {'applied'}, {'missing'}, {'corrupt'}, or {'owner', owner}: its index is to be declared or moved first.

local key, now = KEYS[1], tonumber(ARGV[1])
local head = living(key, now)
if head == false then return {'corrupt'} end
if not head then return {'missing'} end
local owner = owner_of(key, head)
if owner and owner ~= ARGV[8] then return {'owner', owner} end

if now > number(head, LAST_SEEN) then redis.call('SETRANGE', key, LAST_SEEN - 1, ARGV[4]) end
if tonumber(ARGV[2]) > number(head, DEADLINE) then
  redis.call('SETRANGE', key, DEADLINE - 1, ARGV[5])
  redis.call('PEXPIRE', key, ARGV[3])
end
if owner and KEYS[2] then enlist(KEYS[2], ARGV[7], ARGV[2], ARGV[6], ARGV[3]) end
return {'applied'}
