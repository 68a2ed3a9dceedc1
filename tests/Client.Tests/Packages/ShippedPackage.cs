namespace Fovea.Client.Tests.Packages;

/// <summary>A package of others that a program or a library of this repository brings with it.</summary>
/// <param name="Name">The package's id.</param>
/// <param name="Version">Its version.</param>
/// <param name="Licence">Its licence: the SPDX expression of its nuspec file, or what its licence file says.</param>
internal sealed record ShippedPackage(string Name, string Version, string Licence);
