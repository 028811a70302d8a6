// One gateway session: HELLO, IDENTIFY or RESUME, heartbeats, reconnects.

export class Gateway {
  /** `heard(type, data)` gets each dispatch; `status(text)` the state of the connection, after `connect`. */
  constructor(token, heard, status) {
    Object.assign(this, { token, heard, status, seq: null, session: null, tries: 0, ended: false });
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const path = this.session ? "/gateway/resume" : "/gateway";
    const socket = new WebSocket(`${scheme}://${location.host}${path}?v=10&encoding=json`);
    this.socket = socket;
    this.status("connecting");
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.socket) this.receive(JSON.parse(data));
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket === this.socket) this.lost(code);
    });
  }

  send(op, d) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ op, d }));
  }

  receive({ op, d, s, t }) {
    if (op === 0) {
      this.seq = s;
      if (t === "READY") this.session = d.session_id;
      if (t === "READY" || t === "RESUMED") {
        this.tries = 0;
        this.status(t === "READY" ? "connected" : "resumed");
      }
      this.heard(t, d);
    } else if (op === 10) {
      clearInterval(this.beat);
      this.answered = true;
      this.beat = setInterval(() => this.heartbeat(), d.heartbeat_interval);
      if (this.session) this.send(6, { token: this.token, session_id: this.session, seq: this.seq });
      else this.send(2, { token: this.token, properties: { os: "web", browser: "studyhall", device: "" } });
    } else if (op === 11) {
      this.answered = true;
    } else if (op === 1) {
      this.send(1, this.seq);
    } else if (op === 7) {
      this.drop();
    } else if (op === 9) {
      if (!d) this.session = null;
      this.drop();
    }
  }

  heartbeat() {
    // A connection that does not answer is dead, though nobody has said so.
    if (!this.answered) return this.drop();
    this.answered = false;
    this.send(1, this.seq);
  }

  /** Breaks the connection so that it is resumed. */
  drop() {
    const socket = this.socket;
    this.socket = null;
    socket.close(4000);
    this.lost(4000);
  }

  lost(code) {
    clearInterval(this.beat);
    if (this.ended) return;
    if (code === 4004) return this.status("refused");
    if (code === 4007 || code === 4009) this.session = null;
    this.status("reconnecting");
    const wait = Math.min(8000, 250 * 2 ** this.tries++);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  /** Ends the session for good. */
  end() {
    this.ended = true;
    clearInterval(this.beat);
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }
}
