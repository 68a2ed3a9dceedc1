using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>A way of running that tuning wants to try.</summary>
/// <param name="Kind">The kind of session.</param>
/// <param name="Size">The images of a run, at least 1.</param>
internal readonly record struct Trial(SessionKind Kind, int Size);
