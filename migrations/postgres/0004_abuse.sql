CREATE TABLE "audit_seals" (
	"id" text PRIMARY KEY NOT NULL,
	"through_id" text NOT NULL,
	"rows" bigint NOT NULL,
	"hash" text NOT NULL,
	"signature" text NOT NULL,
	"kid" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "audit_seals_through_id_unique" UNIQUE("through_id")
);
--> statement-breakpoint
CREATE TABLE "login_failures" (
	"key" text PRIMARY KEY NOT NULL,
	"failures" bigint NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	"blocked_until" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "digest" text;--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "salt" text;--> statement-breakpoint
CREATE INDEX "login_failures_last" ON "login_failures" USING btree ("last_at");