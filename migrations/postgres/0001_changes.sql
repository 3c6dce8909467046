-- What other instances must hear of: each keeps users and revocations in memory, and reads here what it has to forget.
-- The transaction's number is on every row, so that a reader knows which rows it may not have seen yet.
CREATE TABLE "changes" (
	"id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	"xid" xid8 DEFAULT pg_current_xact_id() NOT NULL,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"topic" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "changes_xid" ON "changes" USING btree ("xid");
--> statement-breakpoint
CREATE FUNCTION "note_change"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	changed text;
BEGIN
	-- Not by way of JSON, which gives no text of a row that has \u0000 somewhere: such a user could not be changed.
	IF TG_OP = 'DELETE' THEN
		EXECUTE format('SELECT ($1).%I', TG_ARGV[0]) INTO changed USING OLD;
	ELSE
		EXECUTE format('SELECT ($1).%I', TG_ARGV[0]) INTO changed USING NEW;
	END IF;
	INSERT INTO changes (topic, key) VALUES (TG_TABLE_NAME, changed);
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "note_change" AFTER UPDATE OR DELETE ON "users" FOR EACH ROW EXECUTE FUNCTION "note_change"('id');
--> statement-breakpoint
CREATE TRIGGER "note_change" AFTER INSERT ON "revoked_jti" FOR EACH ROW EXECUTE FUNCTION "note_change"('jti');
--> statement-breakpoint
CREATE TRIGGER "note_change" AFTER UPDATE OR DELETE ON "clients" FOR EACH ROW EXECUTE FUNCTION "note_change"('id');
--> statement-breakpoint
CREATE TRIGGER "note_change" AFTER INSERT OR UPDATE OR DELETE ON "signing_keys" FOR EACH ROW EXECUTE FUNCTION "note_change"('kid');
