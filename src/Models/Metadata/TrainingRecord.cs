namespace Fovea.Models.Metadata;

/// <summary>
/// The origin of trained weights. An unknown property is <c>null</c>; for imported weights, most properties are unknown. The record has no
/// property that differs between two equal training runs, such as the time, so that equal runs write equal files.
/// </summary>
/// <param name="Dataset">The data set's name.</param>
/// <param name="DatasetHash">The SHA-256 of the data set's images and labels, in hexadecimal.</param>
/// <param name="Images">The number of training images.</param>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="BatchSize">The number of images in a training step.</param>
/// <param name="Optimizer">The optimizer: adam, adamw or sgd; l-bfgs for a head that was trained on frozen features.</param>
/// <param name="LearningRate">The highest learning rate of the schedule.</param>
/// <param name="Seed">The seed of all random numbers of the run.</param>
/// <param name="BestEpoch">
/// The epoch with the lowest validation loss, from 1; the model file has the weights of this epoch. <c>null</c> if the weights before the
/// first epoch had a lower validation loss.
/// </param>
/// <param name="Accuracy">The share of validation images that are classified correctly, 0 to 1.</param>
/// <param name="Loss">The mean cross-entropy on the validation images, in nats.</param>
/// <param name="ValidationImages">The number of validation images.</param>
/// <param name="Source">The file from which the weights were imported; <c>null</c> for weights that Fovea trained.</param>
/// <param name="Method">The method of fine-tuning, such as head or full; <c>null</c> for a network that was trained from scratch.</param>
/// <param name="Base">The model file that fine-tuning started from; <c>null</c> for a network that was trained from scratch.</param>
public sealed record TrainingRecord(
    string? Dataset = null,
    string? DatasetHash = null,
    int? Images = null,
    int? Epochs = null,
    int? BatchSize = null,
    string? Optimizer = null,
    double? LearningRate = null,
    long? Seed = null,
    int? BestEpoch = null,
    double? Accuracy = null,
    double? Loss = null,
    int? ValidationImages = null,
    WeightsSource? Source = null,
    string? Method = null,
    WeightsSource? Base = null);
