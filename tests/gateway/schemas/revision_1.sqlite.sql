BEGIN TRANSACTION;
CREATE TABLE branches (
	repository TEXT NOT NULL, 
	name TEXT NOT NULL, 
	"commit" TEXT NOT NULL, 
	PRIMARY KEY (repository, name), 
	FOREIGN KEY(repository) REFERENCES repositories (name)
);
INSERT INTO "branches" VALUES('acme/model','main','2bc30318d585cb2a0453546a989a284f0c32f2a6');
CREATE TABLE grants (
	id TEXT NOT NULL, 
	repository TEXT NOT NULL, 
	person TEXT NOT NULL, 
	"commit" TEXT NOT NULL, 
	jurisdiction TEXT NOT NULL, 
	given_by TEXT NOT NULL, 
	given_at DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	downloads_left INTEGER, 
	revoked_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(repository) REFERENCES repositories (name), 
	FOREIGN KEY(person) REFERENCES people (name)
);
INSERT INTO "grants" VALUES('grant-erin','acme/model','erin','','DE','ruth','2026-11-02 09:30:00.000000','2027-01-31 09:30:00.000000',7,NULL);
INSERT INTO "grants" VALUES('grant-gone','acme/model','gone','','','olga','2026-11-02 09:30:00.000000','2027-01-31 09:30:00.000000',NULL,'2026-11-02 09:30:00.000000');
CREATE TABLE namespaces (
	person TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	PRIMARY KEY (person, namespace), 
	FOREIGN KEY(person) REFERENCES people (name)
);
INSERT INTO "namespaces" VALUES('pia','acme');
INSERT INTO "namespaces" VALUES('pia','other');
CREATE TABLE people (
	name TEXT NOT NULL, 
	full_name TEXT NOT NULL, 
	roles JSON NOT NULL, 
	jurisdiction TEXT NOT NULL, 
	disabled_at DATETIME, 
	PRIMARY KEY (name)
);
INSERT INTO "people" VALUES('erin','Erin Example','[]','DE',NULL);
INSERT INTO "people" VALUES('ruth','Ruth','["approver"]','',NULL);
INSERT INTO "people" VALUES('olga','Olga','["auditor", "owner"]','',NULL);
INSERT INTO "people" VALUES('pia','Pia Ü.','["publisher"]','',NULL);
INSERT INTO "people" VALUES('gone','gone','[]','','2026-11-02 09:30:00.000000');
INSERT INTO "people" VALUES('nora','nora','[]','',NULL);
CREATE TABLE repositories (
	name TEXT NOT NULL, 
	release TEXT NOT NULL, 
	is_announced BOOLEAN NOT NULL, 
	hosted_at TEXT NOT NULL, 
	excluded JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "repositories" VALUES('acme/model','acme',1,'https://api.example.org','["KP", "RU"]','2026-11-02 09:30:00.000000');
INSERT INTO "repositories" VALUES('acme/later','later',0,'','[]','2026-11-02 09:30:00.000000');
CREATE TABLE requests (
	id TEXT NOT NULL, 
	repository TEXT NOT NULL, 
	person TEXT NOT NULL, 
	status TEXT NOT NULL, 
	fields JSON NOT NULL, 
	asked_at DATETIME NOT NULL, 
	answered_by TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (repository, person), 
	FOREIGN KEY(repository) REFERENCES repositories (name), 
	FOREIGN KEY(person) REFERENCES people (name)
);
INSERT INTO "requests" VALUES('request-erin','acme/model','erin','accepted','{"purpose": "red teaming", "organisation": "Example Institute", "jurisdiction": "DE"}','2026-11-02 09:30:00.000000','ruth','');
INSERT INTO "requests" VALUES('request-nora','acme/model','nora','pending','{"purpose": "red teaming", "organisation": "Example Institute", "jurisdiction": "DE"}','2026-11-02 09:30:00.000000','','');
CREATE TABLE revisions (
	repository TEXT NOT NULL, 
	"commit" TEXT NOT NULL, 
	manifest BLOB NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (repository, "commit"), 
	FOREIGN KEY(repository) REFERENCES repositories (name)
);
INSERT INTO "revisions" VALUES('acme/model','2bc30318d585cb2a0453546a989a284f0c32f2a6',X'7B2266696C6573223A5B7B2270617468223A22524541444D452E6D64222C22726F6C65223A2263617264222C22736861323536223A227368613235363A30376266306332333439656539616233663666313366373734643336366563306264393736616533353931343438303830383665623432316363316665326435222C2273697A655F6279746573223A34337D2C7B2270617468223A22636F6E6669672E6A736F6E222C22726F6C65223A22636F6E666967222C22736861323536223A227368613235363A36383430306536386165306138646136666638303465376636353437326439623933636263633062376235663839333265393731343935303437383062613362222C2273697A655F6279746573223A33397D2C7B2270617468223A226D6F64656C2E7361666574656E736F7273222C22726F6C65223A2277656967687473222C22736861323536223A227368613235363A32363938613937363639633037383232636636396539386433663662376430616431303138646638336662313961656538393231653962303337616165383064222C2273697A655F6279746573223A37377D5D2C2276657273696F6E223A317D','2026-11-02 09:30:00.000000');
CREATE TABLE salts (
	person TEXT NOT NULL, 
	salt BLOB NOT NULL, 
	PRIMARY KEY (person)
);
INSERT INTO "salts" VALUES('erin',X'7369787465656E2062797465732E2E2E');
CREATE TABLE tokens (
	digest TEXT NOT NULL, 
	person TEXT NOT NULL, 
	until DATETIME NOT NULL, 
	PRIMARY KEY (digest), 
	FOREIGN KEY(person) REFERENCES people (name)
);
INSERT INTO "tokens" VALUES('d06e3034ed7cfab4887a9cf8a8d5a90a2073a1e00b8ff312be9d69a47e49fb3d','erin','2099-01-01 00:00:00.000000');
CREATE TABLE uploads (
	repository TEXT NOT NULL, 
	person TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (repository, person, sha256), 
	FOREIGN KEY(repository) REFERENCES repositories (name), 
	FOREIGN KEY(person) REFERENCES people (name)
);
INSERT INTO "uploads" VALUES('acme/model','pia','sha256:abababababababababababababababababababababababababababababababab',6000000000,'2026-11-02 09:30:00.000000');
CREATE INDEX ix_grants_repository ON grants (repository);
COMMIT;
