-- Both tables become their own primary key (WITHOUT ROWID): whoever looks a user or a mailed token up by name gets the row
-- that holds that name. By a row number, which one damaged bit turns into another, it was the row of somebody else.
CREATE TABLE `__new_users` (
	`id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`username_key` text NOT NULL,
	`email` text,
	`email_key` text,
	`email_verified` integer NOT NULL,
	`password_hash` text,
	`password_version` integer NOT NULL,
	`roles` text NOT NULL,
	`profile` text NOT NULL,
	`active` integer NOT NULL,
	`created_at` integer NOT NULL,
	`last_login_at` integer,
	`unproven_email_key` text,
	`legacy_id` text
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_users` SELECT * FROM `users` ORDER BY `id`;
--> statement-breakpoint
DROP TABLE `users`;
--> statement-breakpoint
ALTER TABLE `__new_users` RENAME TO `users`;
--> statement-breakpoint
CREATE UNIQUE INDEX `users_username_key_unique` ON `users` (`username_key`);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_key_unique` ON `users` (`email_key`);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_legacy_id_unique` ON `users` (`legacy_id`);
--> statement-breakpoint
CREATE INDEX `users_unproven_email` ON `users` (`unproven_email_key`);
--> statement-breakpoint
CREATE INDEX `users_foreign_hash` ON `users` (`password_hash`) WHERE substr("users"."password_hash", 1, 10) <> '$argon2id$';
--> statement-breakpoint
CREATE TABLE `__new_one_time_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`purpose` text NOT NULL,
	`user_id` text,
	`payload` text NOT NULL,
	`attempts` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`email_key` text,
	`code_hash` text,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_one_time_tokens` SELECT * FROM `one_time_tokens` ORDER BY `hash`;
--> statement-breakpoint
DROP TABLE `one_time_tokens`;
--> statement-breakpoint
ALTER TABLE `__new_one_time_tokens` RENAME TO `one_time_tokens`;
--> statement-breakpoint
CREATE INDEX `one_time_tokens_user` ON `one_time_tokens` (`user_id`,`purpose`);
--> statement-breakpoint
CREATE INDEX `one_time_tokens_email` ON `one_time_tokens` (`email_key`,`purpose`);
--> statement-breakpoint
CREATE INDEX `one_time_tokens_expiry` ON `one_time_tokens` (`expires_at`);
