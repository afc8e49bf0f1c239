/*!999999\- enable the sandbox mode */
CREATE TABLE `migrations` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `migration` varchar(255) NOT NULL,
  `batch` int(11) NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE TABLE `squashed` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  PRIMARY KEY (`id`)
);
INSERT INTO `migrations` (`id`, `migration`, `batch`) VALUES (1,'2013_01_01_000000_create_squashed_table',1);
