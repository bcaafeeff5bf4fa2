"""Reads and writes account documents; no other module does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import mongoengine.errors
from bson import ObjectId

from gifapp import errors
from gifapp.domain.accounts import Role
from gifapp.domain.views.accounts import AccountView
from gifapp.domain.views.jobs import UserView
from gifapp.identity.documents import UserDocument
from gifapp.identity.paging import newest_first
from gifapp.mongodb import reaching_mongodb

# the unique fields of an account, with the error for a duplicate
_SECOND = {"email": errors.EmailTaken, "founder": errors.SetupTokenWrong}


class Accounts:
    """Every method raises errors.ServiceUnavailable when MongoDB is down."""

    @reaching_mongodb()
    def any_exist(self) -> bool:
        return UserDocument.objects.only("id").first() is not None

    @reaching_mongodb()
    def add(
        self,
        email: str,
        password_hash: bytes,
        role: Role,
        *,
        founder: bool = False,
    ) -> UserDocument:
        """Add an account.

        Raises:
            errors.EmailTaken, errors.SetupTokenWrong: another account was first.
        """
        document = UserDocument(
            email=email,
            password_hash=password_hash,
            role=role,
            founder=founder or None,
        )
        try:
            document.save(force_insert=True)
        except mongoengine.errors.NotUniqueError as refused:
            raise _SECOND[_duplicate_field(refused)] from None
        return document

    @reaching_mongodb()
    def by_email(self, email: str) -> UserDocument | None:
        user: UserDocument | None = UserDocument.objects(email=email).first()
        return user

    @reaching_mongodb()
    def by_id(self, user_id: ObjectId) -> UserDocument | None:
        user: UserDocument | None = UserDocument.objects(id=user_id).first()
        return user

    @reaching_mongodb()
    def is_enabled(self, user_id: str) -> bool:
        """Whether there is such an account, and it may sign in."""
        return UserDocument.objects(id=user_id, disabled__ne=True).only("id").first() is not None

    @reaching_mongodb()
    def by_ids(self, user_ids: Collection[str]) -> dict[str, UserDocument]:
        """The accounts with these ids, by id; missing ones are omitted."""
        return {str(user.id): user for user in UserDocument.objects(id__in=[*map(ObjectId, user_ids)])}

    @reaching_mongodb()
    def all(self) -> list[UserDocument]:
        return list(UserDocument.objects.order_by("created_at"))

    @reaching_mongodb()
    def count(self, *, seen_since: datetime | None = None) -> int:
        filters = {} if seen_since is None else {"last_seen_at__gte": seen_since}
        return int(UserDocument.objects(**filters).count())

    @reaching_mongodb()
    def emails(self, user_ids: Collection[str]) -> dict[str, str]:
        """The email addresses by account id; unknown ids are omitted."""
        ids = [ObjectId(user_id) for user_id in user_ids if ObjectId.is_valid(user_id)]
        return {str(user.id): user.email for user in UserDocument.objects(id__in=ids).only("email")}

    @reaching_mongodb()
    def page(self, *, cursor: str | None, limit: int) -> tuple[list[UserDocument], str | None]:
        """A page of accounts, newest first, and the cursor of the next page, if any.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page returned.
        """
        return newest_first(UserDocument.objects, cursor=cursor, limit=limit)

    @reaching_mongodb()
    def change_password(
        self, user_id: ObjectId, password_hash: bytes, *, expected_hash: bytes | None = None
    ) -> UserDocument | None:
        """Replace the password (if its hash is still `expected_hash`) and revoke every access token.

        None: the account is gone, or its password was changed meanwhile.
        """
        filters = {"id": user_id} | ({} if expected_hash is None else {"password_hash": expected_hash})
        changed: UserDocument | None = UserDocument.objects(**filters).modify(
            set__password_hash=password_hash, inc__token_version=1, new=True
        )
        return changed

    @reaching_mongodb()
    def change(
        self, user_id: ObjectId, *, role: Role | None = None, disabled: bool | None = None
    ) -> UserDocument | None:
        """Change the account, and return it as it was before; None: it is gone."""
        filters = {"set__role": role, "set__disabled": disabled}
        changes = {name: value for name, value in filters.items() if value is not None}
        account = UserDocument.objects(id=user_id)
        before: UserDocument | None = account.modify(**changes) if changes else account.first()
        return before

    @reaching_mongodb()
    def revoke_access(self, user_id: ObjectId) -> None:
        """Revoke all of the account's access tokens at once."""
        UserDocument.objects(id=user_id).update_one(inc__token_version=1)

    @reaching_mongodb()
    def record_seen(self, user_id: ObjectId, at: datetime) -> UserDocument | None:
        """Record when the account's session began or was renewed, and return the account."""
        user: UserDocument | None = UserDocument.objects(id=user_id).modify(set__last_seen_at=at, new=True)
        return user

    @reaching_mongodb()
    def any_administers(self) -> bool:
        """Whether there is an enabled administrator."""
        return UserDocument.objects(role="administrator", disabled__ne=True).only("id").first() is not None

    @reaching_mongodb()
    def remove(self, user_id: ObjectId) -> None:
        UserDocument.objects(id=user_id).delete()


def view(user: UserDocument) -> UserView:
    return UserView(id=str(user.id), email=user.email, role=user.role)


def account_view(user: UserDocument) -> AccountView:
    return AccountView(
        **view(user).model_dump(),
        disabled=bool(user.disabled),
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
    )


def _duplicate_field(refused: mongoengine.errors.NotUniqueError) -> str:
    cause: Any = refused.__context__  # MongoEngine raises it without `from`
    return str(next(iter(cause.details["keyPattern"])))
