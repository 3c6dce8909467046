CREATE TABLE "audit_events" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"event" text COLLATE "C" NOT NULL,
	"user_id" text COLLATE "C",
	"session_id" text COLLATE "C",
	"ip" text COLLATE "C",
	"detail" json NOT NULL,
	"digest" text COLLATE "C",
	"salt" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"through_id" text COLLATE "C" NOT NULL,
	"rows" bigint NOT NULL,
	"hash" text COLLATE "C" NOT NULL,
	"signature" text COLLATE "C" NOT NULL,
	"kid" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "audit_seals_through_id_unique" UNIQUE("through_id")
);
--> statement-breakpoint
CREATE TABLE "clients" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"secret_hash" text COLLATE "C" NOT NULL,
	"scopes" json NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "known_devices" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "login_failures" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"failures" bigint NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	"blocked_until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "mails" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"user_id" text COLLATE "C",
	"sealed" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"attempts" bigint NOT NULL,
	"failed_at" timestamp (3) with time zone,
	"last_error" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "one_time_tokens" (
	"hash" text COLLATE "C" PRIMARY KEY NOT NULL,
	"purpose" text COLLATE "C" NOT NULL,
	"user_id" text COLLATE "C",
	"payload" json NOT NULL,
	"attempts" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"email_key" text COLLATE "C",
	"code_hash" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "revoked_jti" (
	"jti" text COLLATE "C" PRIMARY KEY NOT NULL,
	"sid" text COLLATE "C" NOT NULL,
	"reason" text COLLATE "C" NOT NULL,
	"revoked_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"jti" text COLLATE "C" NOT NULL,
	"prev_jti" text COLLATE "C",
	"rotated_at" timestamp (3) with time zone NOT NULL,
	"auth_time" timestamp (3) with time zone NOT NULL,
	"amr" json NOT NULL,
	"idle_expires_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ip" text COLLATE "C",
	"user_agent" text COLLATE "C",
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"revoke_reason" text COLLATE "C",
	"status_index" bigint
);
--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"kid" text COLLATE "C" PRIMARY KEY NOT NULL,
	"algorithm" text COLLATE "C" NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"public_key" text COLLATE "C" NOT NULL,
	"sealed_private_key" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"activated_at" timestamp (3) with time zone,
	"retired_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "status_entries" (
	"status_index" bigint PRIMARY KEY NOT NULL,
	"invalid" boolean NOT NULL,
	"free_from" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"username" text COLLATE "C" NOT NULL,
	"username_key" text COLLATE "C" NOT NULL,
	"email" text COLLATE "C",
	"email_key" text COLLATE "C",
	"email_verified" boolean NOT NULL,
	"password_hash" text COLLATE "C",
	"password_version" bigint NOT NULL,
	"roles" json NOT NULL,
	"profile" json NOT NULL,
	"active" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_login_at" timestamp (3) with time zone,
	"unproven_email_key" text COLLATE "C",
	"legacy_id" text COLLATE "C",
	CONSTRAINT "users_username_key_unique" UNIQUE("username_key"),
	CONSTRAINT "users_email_key_unique" UNIQUE("email_key"),
	CONSTRAINT "users_legacy_id_unique" UNIQUE("legacy_id")
);
--> statement-breakpoint
ALTER TABLE "known_devices" ADD CONSTRAINT "known_devices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "one_time_tokens" ADD CONSTRAINT "one_time_tokens_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_events_at" ON "audit_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "audit_events_user" ON "audit_events" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "known_devices_user" ON "known_devices" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "known_devices_seen" ON "known_devices" USING btree ("seen_at");--> statement-breakpoint
CREATE INDEX "login_failures_last" ON "login_failures" USING btree ("last_at");--> statement-breakpoint
CREATE INDEX "mails_due" ON "mails" USING btree ("failed_at","next_attempt_at");--> statement-breakpoint
CREATE INDEX "mails_expiry" ON "mails" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "one_time_tokens_user" ON "one_time_tokens" USING btree ("user_id","purpose");--> statement-breakpoint
CREATE INDEX "one_time_tokens_email" ON "one_time_tokens" USING btree ("email_key","purpose");--> statement-breakpoint
CREATE INDEX "one_time_tokens_expiry" ON "one_time_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "revoked_jti_expiry" ON "revoked_jti" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_idle_expiry" ON "sessions" USING btree ("idle_expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_status" ON "sessions" USING btree ("status_index");--> statement-breakpoint
CREATE INDEX "status_entries_free" ON "status_entries" USING btree ("free_from");--> statement-breakpoint
CREATE INDEX "users_unproven_email" ON "users" USING btree ("unproven_email_key");--> statement-breakpoint
CREATE INDEX "users_foreign_hash" ON "users" USING btree ("password_hash") WHERE substr("users"."password_hash", 1, 10) <> '$argon2id$';