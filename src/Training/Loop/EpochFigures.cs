namespace Fovea.Training;

/// <summary>What an epoch came to. Losses are mean cross-entropies in nats, accuracies shares from 0 to 1.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="LearningRate">The rate of its last step.</param>
/// <param name="Loss">Over the training images as they were augmented, while the parameters moved.</param>
/// <param name="Accuracy">Likewise.</param>
/// <param name="ValidationLoss">Over the validation images, after the epoch.</param>
/// <param name="ValidationAccuracy">Likewise.</param>
internal sealed record EpochFigures(int Epoch, double LearningRate, double Loss, double Accuracy, double ValidationLoss, double ValidationAccuracy);
