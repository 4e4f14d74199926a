CREATE TABLE public.branches (
    repository text NOT NULL,
    name text NOT NULL,
    commit text NOT NULL
);
CREATE TABLE public.grants (
    id text NOT NULL,
    repository text NOT NULL,
    person text NOT NULL,
    commit text NOT NULL,
    jurisdiction text NOT NULL,
    given_by text NOT NULL,
    given_at timestamp without time zone NOT NULL,
    until timestamp without time zone NOT NULL,
    downloads_left integer,
    revoked_at timestamp without time zone
);
CREATE TABLE public.namespaces (
    person text NOT NULL,
    namespace text NOT NULL
);
CREATE TABLE public.people (
    name text NOT NULL,
    full_name text NOT NULL,
    roles json NOT NULL,
    jurisdiction text NOT NULL,
    disabled_at timestamp without time zone
);
CREATE TABLE public.repositories (
    name text NOT NULL,
    release text NOT NULL,
    is_announced boolean NOT NULL,
    hosted_at text NOT NULL,
    excluded json NOT NULL,
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.requests (
    id text NOT NULL,
    repository text NOT NULL,
    person text NOT NULL,
    status text NOT NULL,
    fields json NOT NULL,
    asked_at timestamp without time zone NOT NULL,
    answered_by text NOT NULL,
    answer text NOT NULL
);
CREATE TABLE public.revisions (
    repository text NOT NULL,
    commit text NOT NULL,
    manifest bytea NOT NULL,
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.salts (
    person text NOT NULL,
    salt bytea NOT NULL
);
CREATE TABLE public.tokens (
    digest text NOT NULL,
    person text NOT NULL,
    until timestamp without time zone NOT NULL
);
CREATE TABLE public.uploads (
    repository text NOT NULL,
    person text NOT NULL,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    at timestamp without time zone NOT NULL
);
INSERT INTO public.branches VALUES ('acme/model', 'main', '2bc30318d585cb2a0453546a989a284f0c32f2a6');
INSERT INTO public.grants VALUES ('grant-erin', 'acme/model', 'erin', '', 'DE', 'ruth', '2026-11-02 09:30:00', '2027-01-31 09:30:00', 7, NULL);
INSERT INTO public.grants VALUES ('grant-gone', 'acme/model', 'gone', '', '', 'olga', '2026-11-02 09:30:00', '2027-01-31 09:30:00', NULL, '2026-11-02 09:30:00');
INSERT INTO public.namespaces VALUES ('pia', 'acme');
INSERT INTO public.namespaces VALUES ('pia', 'other');
INSERT INTO public.people VALUES ('erin', 'Erin Example', '[]', 'DE', NULL);
INSERT INTO public.people VALUES ('ruth', 'Ruth', '["approver"]', '', NULL);
INSERT INTO public.people VALUES ('olga', 'Olga', '["auditor", "owner"]', '', NULL);
INSERT INTO public.people VALUES ('pia', 'Pia Ü.', '["publisher"]', '', NULL);
INSERT INTO public.people VALUES ('nora', 'nora', '[]', '', NULL);
INSERT INTO public.people VALUES ('gone', 'gone', '[]', '', '2026-11-02 09:30:00');
INSERT INTO public.repositories VALUES ('acme/model', 'acme', true, 'https://api.example.org', '["KP", "RU"]', '2026-11-02 09:30:00');
INSERT INTO public.repositories VALUES ('acme/later', 'later', false, '', '[]', '2026-11-02 09:30:00');
INSERT INTO public.requests VALUES ('request-nora', 'acme/model', 'nora', 'pending', '{"purpose": "red teaming", "organisation": "Example Institute", "jurisdiction": "DE"}', '2026-11-02 09:30:00', '', '');
INSERT INTO public.requests VALUES ('request-erin', 'acme/model', 'erin', 'accepted', '{"purpose": "red teaming", "organisation": "Example Institute", "jurisdiction": "DE"}', '2026-11-02 09:30:00', 'ruth', '');
INSERT INTO public.revisions VALUES ('acme/model', '2bc30318d585cb2a0453546a989a284f0c32f2a6', '\x7b2266696c6573223a5b7b2270617468223a22524541444d452e6d64222c22726f6c65223a2263617264222c22736861323536223a227368613235363a30376266306332333439656539616233663666313366373734643336366563306264393736616533353931343438303830383665623432316363316665326435222c2273697a655f6279746573223a34337d2c7b2270617468223a22636f6e6669672e6a736f6e222c22726f6c65223a22636f6e666967222c22736861323536223a227368613235363a36383430306536386165306138646136666638303465376636353437326439623933636263633062376235663839333265393731343935303437383062613362222c2273697a655f6279746573223a33397d2c7b2270617468223a226d6f64656c2e7361666574656e736f7273222c22726f6c65223a2277656967687473222c22736861323536223a227368613235363a32363938613937363639633037383232636636396539386433663662376430616431303138646638336662313961656538393231653962303337616165383064222c2273697a655f6279746573223a37377d5d2c2276657273696f6e223a317d', '2026-11-02 09:30:00');
INSERT INTO public.salts VALUES ('erin', '\x7369787465656e2062797465732e2e2e');
INSERT INTO public.tokens VALUES ('d06e3034ed7cfab4887a9cf8a8d5a90a2073a1e00b8ff312be9d69a47e49fb3d', 'erin', '2099-01-01 00:00:00');
INSERT INTO public.uploads VALUES ('acme/model', 'pia', 'sha256:abababababababababababababababababababababababababababababababab', 6000000000, '2026-11-02 09:30:00');
ALTER TABLE ONLY public.branches
    ADD CONSTRAINT branches_pkey PRIMARY KEY (repository, name);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.namespaces
    ADD CONSTRAINT namespaces_pkey PRIMARY KEY (person, namespace);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.repositories
    ADD CONSTRAINT repositories_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_repository_person_key UNIQUE (repository, person);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_pkey PRIMARY KEY (repository, commit);
ALTER TABLE ONLY public.salts
    ADD CONSTRAINT salts_pkey PRIMARY KEY (person);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (repository, person, sha256);
CREATE INDEX ix_grants_repository ON public.grants USING btree (repository);
ALTER TABLE ONLY public.branches
    ADD CONSTRAINT branches_repository_fkey FOREIGN KEY (repository) REFERENCES public.repositories(name);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_person_fkey FOREIGN KEY (person) REFERENCES public.people(name);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_repository_fkey FOREIGN KEY (repository) REFERENCES public.repositories(name);
ALTER TABLE ONLY public.namespaces
    ADD CONSTRAINT namespaces_person_fkey FOREIGN KEY (person) REFERENCES public.people(name);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_person_fkey FOREIGN KEY (person) REFERENCES public.people(name);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_repository_fkey FOREIGN KEY (repository) REFERENCES public.repositories(name);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_repository_fkey FOREIGN KEY (repository) REFERENCES public.repositories(name);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_person_fkey FOREIGN KEY (person) REFERENCES public.people(name);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_person_fkey FOREIGN KEY (person) REFERENCES public.people(name);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_repository_fkey FOREIGN KEY (repository) REFERENCES public.repositories(name);
