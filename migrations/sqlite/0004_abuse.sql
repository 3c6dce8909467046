CREATE TABLE `audit_seals` (
	`id` text PRIMARY KEY NOT NULL,
	`through_id` text NOT NULL,
	`rows` integer NOT NULL,
	`hash` text NOT NULL,
	`signature` text NOT NULL,
	`kid` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_seals_through_id_unique` ON `audit_seals` (`through_id`);--> statement-breakpoint
CREATE TABLE `login_failures` (
	`key` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`last_at` integer NOT NULL,
	`blocked_until` integer
);
--> statement-breakpoint
CREATE INDEX `login_failures_last` ON `login_failures` (`last_at`);--> statement-breakpoint
ALTER TABLE `audit_events` ADD `digest` text;--> statement-breakpoint
ALTER TABLE `audit_events` ADD `salt` text;