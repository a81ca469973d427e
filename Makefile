# The two commands of the README are `make demo` and `make test`; `make help` names the others.
.POSIX:
.PHONY: help demo viewer packages deb test test-slow lint fuzz screenshots bench viewer-bench peers

CARGO = cargo
DEMO = out/demo

help:
	@echo 'make demo       serves a portal to try on this machine, and says where to look; Ctrl-C ends it'
	@echo 'make viewer     builds the DICOM viewer that packages hold (needs npm)'
	@echo 'make packages   makes two fixture studies, packages them and says where to look'
	@echo 'make deb        makes the Debian package in out'
	@echo 'make test       installs what the tests need, then runs every check and test'
	@echo 'make test-slow  the same with the long tests'
	@echo 'make fuzz       fuzzes: MINUTES=1 each; TARGET=frame_rle for one alone'
	@echo 'make bench      benchmarks of the parts, each beside a floor'
	@echo 'make viewer-bench   how fast the viewer is in Chromium'
	@echo 'make screenshots   pictures of the pages in all widths and contrasts; a few go to docs/'
	@echo 'make peers      speed, memory and size beside Orthanc and DCMTK (needs root or both installed)'

# --- demo -------------------------------------------------------------------------------------

# It goes on where it was; `rm -r out/demo` begins anew. `make demo LISTEN=127.0.0.1:9000` for another port.
demo:
	$(CARGO) build --locked --bin esito
	@mkdir -p $(DEMO)
	@target/debug/esito demo --data $(DEMO)/portal --listen $${LISTEN:-127.0.0.1:8080}

packages:
	$(CARGO) build --locked --bin esito
	@mkdir -p $(DEMO) && rm -rf $(DEMO)/ct* $(DEMO)/mixed*
	$(CARGO) run --quiet --locked -- fixtures --study ct --slices 60 --out $(DEMO)/ct
	$(CARGO) run --quiet --locked -- fixtures --study mixed --out $(DEMO)/mixed
	$(CARGO) run --quiet --locked -- package --folder $(DEMO)/ct --out $(DEMO)/ct.zip --report $(DEMO)/ct.json
	$(CARGO) run --quiet --locked -- package --folder $(DEMO)/mixed --out $(DEMO)/mixed.zip --report $(DEMO)/mixed.json
	@if command -v unzip >/dev/null; then \
	    for study in ct mixed; do unzip -q -o $(DEMO)/$$study.zip -d $(DEMO)/$$study-unpacked; done; \
	else \
	    echo 'notice: unzip is not installed: unpack the packages with any other program'; \
	fi
	@echo
	@echo 'Two packages are ready:'
	@for study in ct mixed; do \
	    echo "  $(CURDIR)/$(DEMO)/$$study.zip   (what went in: $(DEMO)/$$study.json)"; \
	    for page in $(DEMO)/$$study-unpacked/*/index.htm; do \
	        if [ -e "$$page" ]; then echo "    open in a browser: file://$(CURDIR)/$$page"; fi; \
	    done; \
	done

# --- viewer -----------------------------------------------------------------------------------

# Everything of others comes from npm by the lock file, without its scripts; nothing built is committed.
VIEWER = viewer-bundle/web

viewer: $(VIEWER)/node_modules/.package-lock.json
	node $(VIEWER)/build.mjs
	@if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then \
	    viewer-bundle/starter/build; \
	else \
	    echo 'notice: without the packages of Debian _start.exe cannot be built: packages hold the page alone'; \
	fi
	node viewer-bundle/pack.mjs

$(VIEWER)/node_modules/.package-lock.json: $(VIEWER)/package-lock.json
	npm ci --prefix $(VIEWER) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# --- Debian package ---------------------------------------------------------------------------

CARGO_DEB = .cache/cargo/bin/cargo-deb

# What is released holds the viewer.
deb: $(CARGO_DEB) viewer
	@mkdir -p out
	PATH="$(CURDIR)/.cache/cargo/bin:$$PATH" $(CARGO) deb --locked --output out/esito.deb -- --features engine/require-viewer

$(CARGO_DEB):
	$(CARGO) install --quiet --locked --no-default-features --root .cache/cargo cargo-deb@3.8.0

# --- tests ------------------------------------------------------------------------------------

# Without root the Debian packages may be missing: the tests then say which reader they left out. Only where there
# is no npm either are packages tested without the viewer.
test: $(CARGO_DEB)
	@set -e; \
	    code=0; sh tests/judges/install || code=$$?; \
	    case $$code in 0) optional= ;; 77) optional=1 ;; *) exit $$code ;; esac; \
	    export ESITO_JUDGES_OPTIONAL=$$optional; \
	    if [ -z "$$optional" ] || command -v npm >/dev/null; then \
	        $(MAKE) viewer; \
	        set -- --features engine/require-viewer; \
	    else \
	        echo 'notice: npm is not installed: the viewer is neither built nor tested'; \
	    fi; \
	    $(MAKE) lint; \
	    if $(CARGO) nextest --version >/dev/null 2>&1; then \
	        $(CARGO) nextest run --locked --workspace "$$@"; \
	    else \
	        echo 'notice: cargo-nextest is not installed: cargo test runs the tests'; \
	        $(CARGO) test --locked --workspace "$$@" --lib --bins --tests; \
	    fi; \
	    $(CARGO) test --locked --workspace "$$@" --doc
	$(CARGO) test --quiet --manifest-path viewer-bundle/starter/Cargo.toml --target-dir target/starter
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps
	@if command -v cargo-deny >/dev/null; then \
	    $(CARGO) deny --locked check licenses bans sources; \
	else \
	    echo 'notice: cargo-deny is not installed: tests/tidy.rs alone has checked the licences'; \
	fi

test-slow:
	ESITO_SLOW=1 $(MAKE) test

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

fuzz:
	tests/fuzz/run $${MINUTES:-1} $$TARGET

# --- pictures ---------------------------------------------------------------------------------

SHOTS = out/screenshots

# `docs/` holds a few of them, with fewer colours; the quick guide of the portal has its own.
screenshots:
	sh tests/judges/install
	$(CARGO) build --locked --bin esito
	@rm -rf $(SHOTS) && mkdir -p $(SHOTS)
	target/debug/esito fixtures --study ct --slices 120 --out $(SHOTS)/ct
	target/debug/esito fixtures --study us --out $(SHOTS)/us
	target/debug/esito fixtures --study mixed --out $(SHOTS)/mixed
	target/debug/esito fixtures --study cr --out $(SHOTS)/cr/images
	target/debug/esito fixtures --study pdf --out $(SHOTS)/cr/report
	@set -e; for name in ct us mixed cr; do \
	    target/debug/esito package --folder $(SHOTS)/$$name --out $(SHOTS)/$$name.zip --progress none; \
	    unzip -q $(SHOTS)/$$name.zip -d $(SHOTS)/$$name-unpacked; \
	done
	NODE_PATH=.cache/browser/node_modules node tests/browser/screenshots.js $(SHOTS)/pictures \
	    $$(for name in ct us mixed cr; do echo $$name=$$(echo $(SHOTS)/$$name-unpacked/*); done)
	NODE_PATH=.cache/browser/node_modules node tests/browser/guide.js target/debug/esito portal/templates/guide $(SHOTS)/pictures
	.cache/venv/bin/python tests/browser/shrink.py $(SHOTS)/pictures docs

# --- measurements -----------------------------------------------------------------------------

bench:
	$(CARGO) bench --locked --workspace

# The viewer in Chromium: 300 CT slices from disk, through `_start.exe` under wine, in the portal.
viewer-bench: viewer
	sh tests/judges/install
	$(CARGO) build --locked --release --bin esito --features engine/require-viewer
	NODE_PATH=.cache/browser/node_modules node benches/viewer.js target/release/esito $${RUNS:-3}

# `make peers QUICK=1` is a fast pass with small studies, to see that it runs.
peers:
	sh tests/judges/install
	$(CARGO) build --locked --release --bin esito
	$(CARGO) build --locked --release --package render --example decode_frames
	.cache/venv/bin/python benches/peers/compare.py $${QUICK:+--quick}
	$(CARGO) build --locked --release -p pacs --example dimse_to_disk --example wado_to_disk
	.cache/venv/bin/python benches/peers/retrieval.py $${QUICK:+--quick} \
	    target/release/esito target/release/examples/dimse_to_disk target/release/examples/wado_to_disk
	.cache/venv/bin/python benches/peers/codecs.py $${QUICK:+--quick}
	.cache/venv/bin/python benches/peers/pixels.py $${QUICK:+--quick}
	$(CARGO) build --locked --release --package portal --example furnish_store
	.cache/venv/bin/python benches/peers/portal.py $${QUICK:+--quick}
	cp Cargo.lock benches/peers/serve_file/Cargo.lock
	$(CARGO) build --release --manifest-path benches/peers/serve_file/Cargo.toml --target-dir target/serve_file
	.cache/venv/bin/python benches/peers/downloads.py $${QUICK:+--quick}
