CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `status_entries` (
	`status_index` integer PRIMARY KEY NOT NULL,
	`invalid` integer NOT NULL,
	`free_from` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `status_entries_free` ON `status_entries` (`free_from`);--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_status` ON `sessions` (`status_index`);