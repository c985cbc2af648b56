//! The authorization server's state in D1.

use async_trait::async_trait;
use serde::Deserialize;
use sightline_oauth::{
    AppRecord, AuditEntry, AuthorizationStore, CodeRecord, KeyRecord, PendingConsent, PurgeBefore,
    Redemption, RefreshState, RevokedBecause, Rotation, SecretHash, StoreFault,
};
use worker::{D1PreparedStatement, D1Type};

use crate::access::{Database, fault, instant};
use crate::oauth::authorization_rows::{AppRow, CodeRow, PendingRow, RefreshRow};
use crate::oauth::statements as sql;

/// An instant as D1 takes numbers: ms since 1970 are far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "ms since 1970 are far below 2^53"
)]
fn ms(at_ms: i64) -> D1Type<'static> {
    D1Type::Real(at_ms as f64)
}

fn optional(text: Option<&str>) -> D1Type<'_> {
    text.map_or(D1Type::Null, D1Type::Text)
}

fn json(list: Option<&Vec<String>>) -> Option<String> {
    list.map(|list| serde_json::Value::from(list.clone()).to_string())
}

#[derive(Deserialize)]
struct KeyRow {
    id: String,
    material: String,
    created_at: f64,
}

#[derive(Deserialize)]
struct Found {}

impl Database {
    /// A line of the audit log, if `condition` (over `?7` and `?8`) holds.
    fn audit_if(
        &self,
        entry: &AuditEntry,
        condition: &str,
        over: &[&str],
    ) -> Result<D1PreparedStatement, StoreFault> {
        let detail = entry.event.detail().to_string();
        let mut values = vec![
            D1Type::Text(&entry.id),
            ms(entry.at_ms),
            optional(entry.organization_id.as_deref()),
            optional(entry.user_id.as_deref()),
            D1Type::Text(entry.event.slug()),
            D1Type::Text(&detail),
        ];
        values.extend(over.iter().map(|text| D1Type::Text(text)));
        self.bound(&format!("{} {condition}", sql::AUDIT), &values)
    }

    /// Runs a batch; how many rows its statement of that index changed.
    async fn changes(
        &self,
        statements: Vec<D1PreparedStatement>,
        index: usize,
    ) -> Result<usize, StoreFault> {
        let results = self.batch(statements).await?;
        let meta = results.get(index).map(worker::D1Result::meta);
        meta.transpose()
            .map_err(fault)?
            .flatten()
            .and_then(|meta| meta.changes)
            .ok_or_else(|| fault("the database did not say what changed"))
    }

    async fn one<T: for<'a> Deserialize<'a>>(
        &self,
        statement: &str,
        values: &[D1Type<'_>],
    ) -> Result<Option<T>, StoreFault> {
        self.bound(statement, values)?
            .first::<T>(None)
            .await
            .map_err(fault)
    }
}

#[async_trait(?Send)]
impl AuthorizationStore for Database {
    async fn signing_keys(&self) -> Result<Vec<KeyRecord>, StoreFault> {
        let result = self.bound(sql::SIGNING_KEYS, &[])?.all().await;
        let rows = result.and_then(|result| result.results::<KeyRow>());
        let record = |row: KeyRow| KeyRecord {
            id: row.id,
            material: row.material,
            created_at_ms: instant(Some(row.created_at)).unwrap_or_default(),
        };
        Ok(rows.map_err(fault)?.into_iter().map(record).collect())
    }

    async fn add_signing_key(
        &self,
        key: &KeyRecord,
        unless_after_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        let add = self.bound(
            sql::ADD_SIGNING_KEY,
            &[
                D1Type::Text(&key.id),
                D1Type::Text(&key.material),
                ms(key.created_at_ms),
                ms(unless_after_ms),
            ],
        )?;
        let made = "WHERE EXISTS (SELECT 1 FROM signing_keys WHERE id = ?7)";
        let audit = self.audit_if(audit, made, &[&key.id])?;
        Ok(self.changes(vec![add, audit], 0).await? == 1)
    }

    async fn app(&self, id: &str) -> Result<Option<AppRecord>, StoreFault> {
        let row = self.one::<AppRow>(sql::APP, &[D1Type::Text(id)]).await?;
        row.map(AppRow::into_record).transpose()
    }

    async fn register_app(
        &self,
        app: &AppRecord,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        let uris: Vec<&str> = app.redirect_uris.iter().map(|uri| uri.as_str()).collect();
        let uris = serde_json::Value::from(uris).to_string();
        let secret = app.secret_hash.map(SecretHash::to_hex);
        let expires_at = ms(app.expires_at_ms.unwrap_or(i64::from(i32::MAX)));
        let add = self.bound(
            sql::ADD_APP,
            &[
                D1Type::Text(&app.id),
                D1Type::Text(&app.name),
                D1Type::Text(&uris),
                D1Type::Text(app.auth_method.name()),
                optional(secret.as_deref()),
                optional(app.uri.as_deref()),
                ms(now_ms),
                expires_at,
            ],
        )?;
        let until = ms(app.expires_at_ms.unwrap_or(i64::from(i32::MAX)));
        let slide = self.bound(sql::SLIDE_APP, &[D1Type::Text(&app.id), until])?;
        let is_new = "WHERE NOT EXISTS (SELECT 1 FROM apps WHERE id = ?7)";
        let audit = self.audit_if(audit, is_new, &[&app.id])?;
        Ok(self.changes(vec![audit, add, slide], 1).await? == 1)
    }

    async fn save_pending(&self, pending: &PendingConsent) -> Result<(), StoreFault> {
        let save = self.bound(
            sql::SAVE_PENDING,
            &[
                D1Type::Text(&pending.handle.to_hex()),
                D1Type::Text(&pending.cookie.to_hex()),
                D1Type::Text(&pending.app_id),
                D1Type::Text(&pending.app_name),
                optional(pending.verified_host.as_deref()),
                D1Type::Text(pending.redirect_uri.as_str()),
                optional(pending.state.as_deref()),
                D1Type::Text(&pending.scopes.to_string()),
                D1Type::Text(&pending.code_challenge),
                ms(pending.expires_at_ms),
            ],
        )?;
        self.batch(vec![save]).await.map(drop)
    }

    async fn pending(&self, handle: &SecretHash) -> Result<Option<PendingConsent>, StoreFault> {
        let key = handle.to_hex();
        let row = self
            .one::<PendingRow>(sql::PENDING, &[D1Type::Text(&key)])
            .await?;
        row.map(PendingRow::into_pending).transpose()
    }

    async fn is_connected(
        &self,
        user_id: &str,
        app_id: &str,
        redirect_host: &str,
        now_ms: i64,
    ) -> Result<bool, StoreFault> {
        let values = [
            D1Type::Text(user_id),
            D1Type::Text(app_id),
            D1Type::Text(redirect_host),
            ms(now_ms),
        ];
        let found = self.one::<Found>(sql::IS_CONNECTED, &values).await?;
        Ok(found.is_some())
    }

    async fn grant(
        &self,
        handle: &SecretHash,
        code: &CodeRecord,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        let (handle, hash) = (handle.to_hex(), code.hash.to_hex());
        let projects = json(code.project_ids.as_ref());
        let add = self.bound(
            sql::GRANT,
            &[
                D1Type::Text(&hash),
                D1Type::Text(&code.app_id),
                D1Type::Text(&code.app_name),
                D1Type::Text(&code.user_id),
                D1Type::Text(&code.organization_id),
                optional(projects.as_deref()),
                D1Type::Text(&code.scopes.to_string()),
                D1Type::Text(code.redirect_uri.as_str()),
                D1Type::Text(&code.code_challenge),
                ms(code.expires_at_ms),
                D1Type::Text(&handle),
                ms(now_ms),
            ],
        )?;
        let take = self.bound(sql::TAKE_PENDING, &[D1Type::Text(&handle), ms(now_ms)])?;
        let made = "WHERE EXISTS (SELECT 1 FROM codes WHERE code_hash = ?7)";
        let audit = self.audit_if(audit, made, &[&hash])?;
        Ok(self.changes(vec![add, take, audit], 0).await? == 1)
    }

    async fn deny(
        &self,
        handle: &SecretHash,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        let handle = handle.to_hex();
        let waits = "WHERE EXISTS (SELECT 1 FROM pending_consents WHERE handle_hash = ?7 AND expires_at > ?2)";
        let audit = self.audit_if(audit, waits, &[&handle])?;
        let take = self.bound(sql::TAKE_PENDING, &[D1Type::Text(&handle), ms(now_ms)])?;
        Ok(self.changes(vec![audit, take], 1).await? == 1)
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, StoreFault> {
        let key = hash.to_hex();
        let row = self
            .one::<CodeRow>(sql::CODE, &[D1Type::Text(&key)])
            .await?;
        row.map(CodeRow::into_record).transpose()
    }

    async fn redeem(
        &self,
        redemption: &Redemption,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        let connection = &redemption.connection;
        let (code, refresh) = (redemption.code.to_hex(), redemption.refresh.to_hex());
        let projects = json(connection.project_ids.as_ref());
        let id = D1Type::Text(&connection.id);
        let now = ms(redemption.now_ms);
        let redeem = self.bound(sql::REDEEM, &[D1Type::Text(&code), id, now])?;
        let add = self.bound(
            sql::ADD_CONNECTION,
            &[
                D1Type::Text(&connection.id),
                D1Type::Text(&connection.user_id),
                D1Type::Text(&connection.organization_id),
                D1Type::Text(&connection.app_id),
                D1Type::Text(&connection.app_name),
                D1Type::Text(&connection.redirect_host),
                D1Type::Text(&connection.scopes.to_string()),
                optional(projects.as_deref()),
                ms(connection.created_at_ms),
                ms(connection.expires_at_ms),
                D1Type::Text(&refresh),
                D1Type::Text(&code),
            ],
        )?;
        let token = self.bound(
            sql::ADD_REFRESH,
            &[
                D1Type::Text(&refresh),
                D1Type::Text(&connection.id),
                ms(redemption.now_ms),
            ],
        )?;
        let slide = self.bound(
            sql::SLIDE_APP_OF,
            &[
                D1Type::Text(&connection.id),
                D1Type::Text(&refresh),
                ms(redemption.app_expires_at_ms),
            ],
        )?;
        let made = "WHERE EXISTS (SELECT 1 FROM connections WHERE id = ?7)";
        let audit = self.audit_if(audit, made, &[&connection.id])?;
        let batch = vec![redeem, add, token, slide, audit];
        Ok(self.changes(batch, 0).await? == 1)
    }

    async fn refresh(&self, hash: &SecretHash) -> Result<Option<RefreshState>, StoreFault> {
        let key = hash.to_hex();
        let row = self
            .one::<RefreshRow>(sql::REFRESH, &[D1Type::Text(&key)])
            .await?;
        row.map(RefreshRow::into_state).transpose()
    }

    async fn rotate(&self, rotation: &Rotation, audit: &AuditEntry) -> Result<bool, StoreFault> {
        let id = &rotation.connection_id;
        let (presented, current, next) = (
            rotation.presented.to_hex(),
            rotation.current.to_hex(),
            rotation.next.to_hex(),
        );
        let turn = [
            D1Type::Text(id),
            D1Type::Text(&presented),
            D1Type::Text(&current),
            D1Type::Text(&next),
            ms(rotation.now_ms),
        ];
        let rotate = self.bound(sql::ROTATE, &turn)?;
        let supersede = self.bound(sql::SUPERSEDE, &turn)?;
        let now = ms(rotation.now_ms);
        let token = [D1Type::Text(&next), D1Type::Text(id), now];
        let add = self.bound(sql::ADD_REFRESH, &token)?;
        let until = ms(rotation.app_expires_at_ms);
        let slide = [D1Type::Text(id), D1Type::Text(&next), until];
        let slide = self.bound(sql::SLIDE_APP_OF, &slide)?;
        let turned = "WHERE EXISTS (SELECT 1 FROM connections WHERE id = ?7 AND refresh_hash = ?8)";
        let audit = self.audit_if(audit, turned, &[id, &next])?;
        let batch = vec![rotate, add, supersede, slide, audit];
        Ok(self.changes(batch, 0).await? == 1)
    }

    async fn revoke_connection(
        &self,
        id: &str,
        because: RevokedBecause,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        let alive = "WHERE EXISTS (SELECT 1 FROM connections WHERE id = ?7 AND revoked_at IS NULL)";
        let audit = self.audit_if(audit, alive, &[id])?;
        let because = D1Type::Text(because.slug());
        let revoke = self.bound(sql::REVOKE, &[D1Type::Text(id), ms(now_ms), because])?;
        Ok(self.changes(vec![audit, revoke], 1).await? == 1)
    }

    async fn first_use_of_assertion(
        &self,
        id: &SecretHash,
        expires_at_ms: i64,
    ) -> Result<bool, StoreFault> {
        let values = [D1Type::Text(&id.to_hex()), ms(expires_at_ms)];
        let add = self.bound(sql::ADD_ASSERTION, &values)?;
        Ok(self.changes(vec![add], 0).await? == 1)
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreFault> {
        let audit = self.audit_if(entry, "", &[])?;
        self.batch(vec![audit]).await.map(drop)
    }

    async fn purge(&self, before: &PurgeBefore) -> Result<(), StoreFault> {
        let mut statements: Vec<(&str, i64)> = sql::PURGE_EXPIRED
            .into_iter()
            .map(|statement| (statement, before.expired_ms))
            .collect();
        statements.push((sql::PURGE_CODES, before.codes_ms));
        statements.extend(
            sql::PURGE_CONNECTIONS
                .into_iter()
                .map(|statement| (statement, before.connections_ms)),
        );
        statements.push((sql::PURGE_AUDIT, before.audit_ms));
        let mut batch = statements
            .into_iter()
            .map(|(statement, at_ms)| self.bound(statement, &[ms(at_ms)]))
            .collect::<Result<Vec<_>, _>>()?;
        batch.push(self.bound(sql::PURGE_KEYS, &[])?);
        self.batch(batch).await.map(drop)
    }
}
