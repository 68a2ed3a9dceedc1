using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>Deletes data sets that no job uses.</summary>
internal sealed class DatasetRemoval(DatasetStore datasets, JobStore jobs)
{
    /// <summary>Deletes a data set.</summary>
    /// <exception cref="RefusalException">
    /// <see cref="ServiceError.UnknownDataset"/>; <see cref="ServiceError.Conflict"/>: a job that has not ended trains on it; or <see
    /// cref="ErrorCode.CannotWrite"/>.
    /// </exception>
    public async Task Delete(string id, CancellationToken stop)
    {
        if (await jobs.UsesDataset(id, stop))
        {
            throw new ServiceException(
                ServiceError.Conflict,
                $"A job that has not ended trains on {id}. Cancel the job, or wait for its end, before deleting the data set.");
        }

        datasets.Delete(id);
    }
}
