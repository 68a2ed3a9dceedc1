using System.Globalization;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// The place of a version in the repository, which may be empty. Moves the version in and out, and publishes it. Other services may do the
/// same at the same time.
/// </summary>
/// <param name="Model">The model's folder, which need not exist.</param>
/// <param name="Number">The version, from 1.</param>
internal sealed record VersionPlace(string Model, int Number)
{
    // Another service may delete the model's folder, if it is empty, after this service has made it and before it moves the version in. So
    // moving is tried again.
    private const int MostTries = 10;

    /// <summary>The version's folder.</summary>
    public string Path => System.IO.Path.Combine(Model, Name);

    /// <summary>Whether the version exists now.</summary>
    public bool IsTaken => HasFolder || RepositoryLayout.Of(Model).Files.ContainsKey(Number);

    // A version may be a file outside a folder of its own.
    private bool HasFolder => System.IO.Path.Exists(Path);

    private string Name => Number.ToString(CultureInfo.InvariantCulture);

    private string ModelName => System.IO.Path.GetFileName(Model);

    /// <summary>Returns the place of a known version.</summary>
    public static VersionPlace Of(ModelVersion version) => new(version.Folder.ModelFolder, version.Number);

    /// <summary>Refuses if the version exists.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>.</exception>
    public void RefuseTaken()
    {
        if (IsTaken)
        {
            throw new ServiceException(
                ServiceError.Conflict,
                $"{ModelName} has a version {Number} already; expected a number that is free, since a version never changes.");
        }
    }

    /// <summary>Makes the error for a known version that has been deleted.</summary>
    public ServiceException Gone() =>
        new(ServiceError.UnknownModel, $"{ModelName} has no version {Number} any more: it was deleted meanwhile.");

    /// <summary>Turns the staged files into this version.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: there is such a version.</exception>
    /// <exception cref="IOException">The repository cannot be written to.</exception>
    public void MoveIn(StagingFolder staging)
    {
        for (int tries = 1; ; tries++)
        {
            RefuseTaken();
            try
            {
                Directory.CreateDirectory(Model);
                Directory.Move(staging.Path, Path);
                return;
            }
            catch (IOException) when (IsTaken)
            {
                // Another service has added the version first. The next attempt reports the conflict.
            }
            catch (DirectoryNotFoundException) when (tries < MostTries)
            {
                // The folder was deleted before the version was moved in, so it is made again.
            }
        }
    }

    /// <summary>
    /// Moves this version into a staging folder, which deletes it; and deletes the model's folder if nothing is left in it.
    /// </summary>
    /// <param name="staging">The staging folder.</param>
    /// <param name="serving">The version that serves here.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: there is no such version any more.
    /// <see cref="ServiceError.Conflict"/>: it serves, and is not the only one; or it has no folder of its own.</exception>
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
            // Another service has published it since it was looked at.
            Directory.Move(moved, Path);
            throw Serves();
        }
    }

    /// <summary>Makes this version the one that serves.</summary>
    /// <param name="before">The version that serves until now; null if there is none.</param>
    /// <exception cref="RefusalException"><see cref="ServiceError.UnknownModel"/>: there is no such version any more.
    /// <see cref="ErrorCode.CannotWrite"/>.</exception>
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
            // Another service has deleted it since it was looked at.
            choice.Restore(ModelFolder.Default, chosen);
            choice.Restore(ModelFolder.Previous, previous);
            choice.DeleteFolderIfEmpty();
            throw Gone();
        }
    }

    private ServiceException Serves() => new(
        ServiceError.Conflict,
        $"Version {Number} of {ModelName} serves; publish another before deleting it.");
}
