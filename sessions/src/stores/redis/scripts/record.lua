-- What every script knows of a record: see packed.rs in the room `store`, where its bytes are drawn. Positions count from one here.

local WRITE_ID, HANDLE, LAST_SEEN, DEADLINE, LABELS = 3, 19, 43, 51, 59
local HAS_OWNER = 1

local function number(bytes, at)
  local sum = 0
  for i = at, at + 7 do sum = sum * 256 + bytes:byte(i) end
  return sum
end

-- The fixed bytes of what lies under a key; nil if nothing does, false if it is no record of this version.
local function head_of(key)
  local head = redis.call('GETRANGE', key, 0, LABELS - 2)
  if head == '' then return nil end
  if #head < LABELS - 1 or head:byte(1) ~= 1 then return false end
  return head
end

-- The same, and nil for a record that is dead.
local function living(key, now)
  local head = head_of(key)
  if head and number(head, DEADLINE) <= now then return nil end
  return head
end

-- Whom a record belongs to; nil for nobody.
local function owner_of(key, head)
  if head:byte(2) % (2 * HAS_OWNER) < HAS_OWNER then return nil end
  local length = redis.call('GETRANGE', key, LABELS - 1, LABELS)
  local last = LABELS + length:byte(1) * 256 + length:byte(2)
  if last == LABELS then return '' end
  return redis.call('GETRANGE', key, LABELS + 1, last)
end

-- Puts a member into an index, or moves it to a later score; dead members go, and the index lasts as long as its last member.
local function enlist(index, member, deadline, dead, lifetime)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', dead)
  local score = redis.call('ZSCORE', index, member)
  if not score or tonumber(score) < tonumber(deadline) then
    redis.call('ZADD', index, deadline, member)
  end
  if redis.call('PTTL', index) < tonumber(lifetime) then
    redis.call('PEXPIRE', index, lifetime)
  end
end
