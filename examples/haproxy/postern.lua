-- Asks Postern whether a request may pass:   http-request lua.postern ROLE   (- where a login is enough)
-- 200 lets it through and names the user in five headers. Whatever else happens is a refusal.

local URL = os.getenv("POSTERN_URL") .. "/forward-auth"
local TIMEOUT = 500 -- milliseconds; HAProxy tries four times, so a client waits two seconds for a refusal
local IDENTITY = { "remote-user", "remote-email", "remote-groups", "x-auth-user-id", "x-auth-session-id" }

-- What of a refusal the client is told.
local TOLD = { "www-authenticate", "location", "content-type", "cache-control" }

local function first(headers, name)
  local values = headers and headers[name]
  return values and values[0]
end

local function refuse(txn, status, response)
  local reply = txn:reply({ status = status })
  for _, name in ipairs(TOLD) do
    local value = response and first(response.headers, name)
    if value then reply:add_header(name, value) end
  end
  if response and response.body then reply:set_body(response.body) end
  txn:done(reply)
end

local function ask(txn, role)
  local sent = txn.http:req_get_headers()
  local headers = {
    -- HAProxy knows these; what the client says of them is not passed on.
    ["x-forwarded-for"] = { txn.f:src() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-host"] = { first(sent, "host") or "" },
    ["x-forwarded-uri"] = { txn.f:pathq() }
  }
  if first(sent, "authorization") then headers["authorization"] = { first(sent, "authorization") } end
  local query = role == "-" and "" or "?role=" .. role
  return core.httpclient():get({ url = URL .. query, headers = headers, timeout = TIMEOUT })
end

core.register_action("postern", { "http-req" }, function(txn, role)
  local response = ask(txn, role)
  local status = response and response.status
  if status == 302 or status == 401 or status == 403 then return refuse(txn, status, response) end
  if status ~= 200 then return refuse(txn, 503) end
  for _, name in ipairs(IDENTITY) do
    local value = first(response.headers, name)
    -- Postern always sends all five; what does not is not Postern.
    if not value then return refuse(txn, 503) end
    txn.http:req_set_header(name, value)
  end
  txn:set_var("txn.postern_passed", true)
end, 1)
