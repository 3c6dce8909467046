CREATE TABLE `known_devices` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`seen_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `known_devices_user` ON `known_devices` (`user_id`);--> statement-breakpoint
CREATE INDEX `known_devices_seen` ON `known_devices` (`seen_at`);--> statement-breakpoint
CREATE TABLE `mails` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`user_id` text,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	`next_attempt_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`failed_at` integer,
	`last_error` text
);
--> statement-breakpoint
CREATE INDEX `mails_due` ON `mails` (`failed_at`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `mails_expiry` ON `mails` (`expires_at`);--> statement-breakpoint
ALTER TABLE `one_time_tokens` ADD `email_key` text;--> statement-breakpoint
ALTER TABLE `one_time_tokens` ADD `code_hash` text;--> statement-breakpoint
CREATE INDEX `one_time_tokens_email` ON `one_time_tokens` (`email_key`,`purpose`);--> statement-breakpoint
ALTER TABLE `users` ADD `unproven_email_key` text;--> statement-breakpoint
ALTER TABLE `users` ADD `legacy_id` text;--> statement-breakpoint
CREATE UNIQUE INDEX `users_legacy_id_unique` ON `users` (`legacy_id`);--> statement-breakpoint
CREATE INDEX `users_unproven_email` ON `users` (`unproven_email_key`);--> statement-breakpoint
CREATE INDEX `users_foreign_hash` ON `users` (`password_hash`) WHERE substr("users"."password_hash", 1, 10) <> '$argon2id$';