using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>The result of a slice's run, for tuning.</summary>
/// <param name="Kind">The kind of the slice's session.</param>
/// <param name="Images">The number of images that were run, with those that filled the run up.</param>
/// <param name="Time">The time of the run; zero: the run was not timed.</param>
/// <param name="Failed">Whether the run in the slice's session failed, so that the images were run in another way.</param>
internal readonly record struct SliceResult(SessionKind Kind, int Images, TimeSpan Time, bool Failed);
