CREATE TABLE "clients" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"secret_hash" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "status_entries" (
	"status_index" bigint PRIMARY KEY NOT NULL,
	"invalid" boolean NOT NULL,
	"free_from" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "status_entries_free" ON "status_entries" USING btree ("free_from");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_status" ON "sessions" USING btree ("status_index");