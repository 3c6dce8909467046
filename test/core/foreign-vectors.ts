/** The password of all vectors. */
export const PASSWORD = 'Grüße, 世界'

/**
 * Made once with the hashers of Django 3.2 at a small cost (django-hashes.py beside this file does the same again); the
 * variants of argon2 with the library that it uses, and scrypt, which Django has since 4.0, with Python's hashlib.
 */
export const vectors = {
  pbkdf2_sha256: 'pbkdf2_sha256$1000$Qx3kV9cE0wZrT7uYbN2mLa$gtlau2Sk+GuyDJ7elGqgxISuraxXM1th0MaMq9Ypk6M=',
  'pbkdf2_sha256 with another salt': 'pbkdf2_sha256$1$sälz$elu6C4O4dPed2o57rXLZZiXtK1K/ZCPlgRHYFaqLaHs=',
  pbkdf2_sha1: 'pbkdf2_sha1$1000$hW5rS8tJ1dKz$JVvkuJDLQpN3vM/pYMtlet55km0=',
  scrypt:
    'scrypt$1024$u7GqLw2XnPz4$8$1$yytc6+X8wurIntF13GA1tG3KUFpE5Zy816bL4KHWK309QX2aSMUrmhvHktiGlepscu/EyJQ9ZFUylFi7DmDAvQ==',
  'scrypt, five lanes':
    'scrypt$1024$u7GqLw2XnPz4$8$5$HYGL7sEBCytPYxFSVl4PayOMqkQVduou1nxxeZnXRBsTOdhlQ7584vr5W4Hil0DiMXS/lCZMQto7pcCJw0kMLQ==',
  argon2: 'argon2$argon2id$v=19$m=1024,t=2,p=8$ZTRObjdGcVlwWDBzRGNVdkJrR2hSdA$hkDwGfqqYBUkwaATnz/Nww',
  'argon2, argon2i': 'argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$ERfw1TiEuar6KSFcDBesNA',
  'argon2, argon2d': 'argon2$argon2d$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$rvbln+shA38iiDrDS6+zlQ',
  'argon2, version 16': 'argon2$argon2i$v=16$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$Mv/zviN/P9Uff5F5UU/pPQ',
  'argon2 before versions': 'argon2$argon2i$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$Mv/zviN/P9Uff5F5UU/pPQ',
  bcrypt_sha256: 'bcrypt_sha256$$2b$04$WvGkOfBge8gnyWLowRWjaOLMjxunFWMQHrby3iKXoG8.c4koY5t56',
  bcrypt: 'bcrypt$$2b$04$9t1X.Qg/1htvguGywdxfyebuoniZg1jNCjYCnyBEtgJfqNAJYtBZe',
  'bcrypt, 2a': 'bcrypt$$2a$04$PylIMQg7Vid413Woqu3gde/AxmukHtfLVWuG9OjNGtW6JHRnDcI.S',
  'plain argon2i': '$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$ERfw1TiEuar6KSFcDBesNA',
  'plain argon2id': '$argon2id$v=19$m=1024,t=2,p=8$ZTRObjdGcVlwWDBzRGNVdkJrR2hSdA$hkDwGfqqYBUkwaATnz/Nww',
  'plain bcrypt': '$2b$04$9t1X.Qg/1htvguGywdxfyebuoniZg1jNCjYCnyBEtgJfqNAJYtBZe',
  'plain bcrypt, 2y': '$2y$04$9t1X.Qg/1htvguGywdxfyebuoniZg1jNCjYCnyBEtgJfqNAJYtBZe'
} as const

/** A hash of pbkdf2_sha256 with so many iterations, of a password that nobody has. */
export const costing = (iterations: number, salt = 'salt'): string =>
  `pbkdf2_sha256$${iterations}$${salt}$${'A'.repeat(43)}=`
