using System.Globalization;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// A model's name and a version number, whether or not the version exists. Its methods add, delete and publish the version in the
/// repository. Other services may change the same version at the same time.
/// </summary>
/// <param name="Model">The path of the model's folder, which need not exist.</param>
/// <param name="Number">The version number, from 1.</param>
internal sealed record VersionPlace(string Model, int Number)
{
    // This service makes the model's folder and then moves the version into it. In between, another service may delete the empty folder. So
    // both steps are tried again.
    private const int MostTries = 10;

    /// <summary>The path of the version's folder.</summary>
    public string Path => System.IO.Path.Combine(Model, Name);

    /// <summary>Whether the version exists now.</summary>
    public bool IsTaken => HasFolder || RepositoryLayout.Of(Model).Files.ContainsKey(Number);

    // Some versions have no folder of their own: version 1 may be a file directly in the model's folder or in the repository.
    private bool HasFolder => System.IO.Path.Exists(Path);

    private string Name => Number.ToString(CultureInfo.InvariantCulture);

    private string ModelName => System.IO.Path.GetFileName(Model);

    /// <summary>Returns the place of an existing version.</summary>
    public static VersionPlace Of(ModelVersion version) => new(version.Folder.ModelFolder, version.Number);

    /// <summary>Throws if the version exists.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: the version exists.</exception>
    public void RefuseTaken()
    {
        if (IsTaken)
        {
            throw new ServiceException(
                ServiceError.Conflict,
                $"{ModelName} has a version {Number} already; expected a number that is free, since a version never changes.");
        }
    }

    /// <summary>Returns the error for a version that another service has deleted.</summary>
    public ServiceException Gone() =>
        new(ServiceError.UnknownModel, $"{ModelName} has no version {Number} any more: it was deleted meanwhile.");

    /// <summary>Moves the staging folder to the place of this version, so that its files become the version.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: the version exists.</exception>
    /// <exception cref="IOException">The repository cannot be written to.</exception>
    public void MoveIn(StagingFolder staging)
    {
        for (int tries = 1; ; tries++)
        {
            RefuseTaken();
            try
            {
                FixedFolders.MakeFolder(Model);
                Directory.Move(staging.Path, Path);
                return;
            }
            catch (IOException) when (IsTaken)
            {
                // Another service has added the version first. The next attempt reports the conflict.
            }
            catch (DirectoryNotFoundException) when (tries < MostTries && !SharedDisk.IsMissing(Model))
            {
                // Another service has deleted the model's folder, which was still empty. The next attempt makes it again.
            }
        }
    }

    /// <summary>
    /// Moves this version into a staging folder, whose disposal deletes the files. Deletes the model's folder if it is empty then.
    /// </summary>
    /// <param name="staging">The staging folder.</param>
    /// <param name="serving">The number of the version that this process serves; null if none.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: the version does not exist any more.
    /// <see cref="ServiceError.Conflict"/>: the version serves and is not the only one, or it has no folder of its own.</exception>
    /// <exception cref="IOException">The repository cannot be written to.</exception>
    public void MoveOut(StagingFolder staging, int? serving)
    {
        var (there, choice, moved) = (ModelFolder.Read(Model), new VersionChoice(Model), System.IO.Path.Combine(staging.Path, Name));
        bool isOnly = there.Versions.All(version => version.Number == Number);
        if (!isOnly && (Number == serving || Number == there.Serving?.Number))
        {
            throw Serves();
        }

        if (!HasFolder && IsTaken)
        {
            throw new ServiceException(
                ServiceError.Conflict,
                $"Version {Number} of {ModelName} has no folder of its own, so the service does not delete it; expected "
                    + $"{ModelName}/{Number}/{VersionFolder.ModelFile}.");
        }

        try
        {
            Directory.Move(Path, moved);
        }
        catch (DirectoryNotFoundException) when (!IsTaken)
        {
            throw Gone();
        }

        if (isOnly)
        {
            choice.Forget(ModelFolder.Default);
            choice.Forget(ModelFolder.Previous);
            choice.DeleteFolderIfEmpty();
        }
        else if (ModelFolder.ReadNumber(Model, ModelFolder.Default) == Name)
        {
            // Another service has published the version after the check above, so the version is moved back.
            Directory.Move(moved, Path);
            throw Serves();
        }
    }

    /// <summary>Makes this version the one that serves.</summary>
    /// <param name="before">The number of the version that has served until now; null if none has.</param>
    /// <exception cref="RefusalException"><see cref="ServiceError.UnknownModel"/>: the version does not exist any more.
    /// <see cref="ErrorCode.CannotWrite"/>: the model's folder cannot be written to.</exception>
    public void Publish(int? before)
    {
        var choice = new VersionChoice(Model);
        if (!IsTaken)
        {
            throw Gone();
        }

        var (chosen, previous) = (ModelFolder.ReadNumber(Model, ModelFolder.Default), ModelFolder.ReadNumber(Model, ModelFolder.Previous));
        if (before is not null && before != Number)
        {
            choice.Write(ModelFolder.Previous, $"{before}");
        }

        choice.Write(ModelFolder.Default, Name);
        if (!IsTaken)
        {
            // Another service has deleted the version after the check above, so the publication is undone.
            choice.Restore(ModelFolder.Default, chosen);
            choice.Restore(ModelFolder.Previous, previous);
            choice.DeleteFolderIfEmpty();
            throw Gone();
        }
    }

    private ServiceException Serves() => new(
        ServiceError.Conflict,
        $"Version {Number} of {ModelName} serves. Publish another version before you delete this one.");
}
