namespace Fovea.Api;

/// <summary>A version that is loaded, and the files from which it was.</summary>
/// <param name="Served">What answers.</param>
/// <param name="Folder">The version's folder as it was while the files were read.</param>
/// <param name="Digest">The <see cref="VersionFolder.Digest"/> of those files.</param>
internal sealed record LoadedVersion(ServedModel Served, VersionFolder Folder, string Digest);
