using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>The outcome of a slice's run, for tuning.</summary>
/// <param name="Kind">The kind of the session that was to run it.</param>
/// <param name="Images">The images that were run.</param>
/// <param name="Time">How long the run took; zero where it was not timed.</param>
/// <param name="Failed">Whether that failed, and the images were run in another way.</param>
internal readonly record struct SliceResult(SessionKind Kind, int Images, TimeSpan Time, bool Failed);
