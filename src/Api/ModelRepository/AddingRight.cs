namespace Fovea.Api.ModelRepository;

/// <summary>
/// Asks whether a version may still be added, immediately before it is. A process that was stopped for a while may have lost its right
/// during the preparation.
/// </summary>
/// <param name="Confirm">Asks slowly, for example a database. Throws if the version may not be added.</param>
/// <param name="Check">Asks quickly and without waiting, as the last step before the version is moved in, and again before it is
/// published. Throws like <paramref name="Confirm"/>.</param>
internal sealed record AddingRight(Func<Task> Confirm, Action Check);
