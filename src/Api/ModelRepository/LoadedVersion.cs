using Fovea.Api.Serving;

namespace Fovea.Api.ModelRepository;

/// <summary>A loaded version, and the files that it was loaded from.</summary>
/// <param name="Served">The model that answers requests.</param>
/// <param name="Folder">The version's folder as it was while the files were read.</param>
/// <param name="Digest">The <see cref="VersionFolder.Digest"/> of those files.</param>
internal sealed record LoadedVersion(ServedModel Served, VersionFolder Folder, string Digest);
